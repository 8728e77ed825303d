"""The lab: an MLP on images, a sweep of sparse autoencoders on its hidden layer, and what can be asked of their units."""
