"""Vector pictures of trees, maps, planes, trails, boxes and plots, without a browser."""
