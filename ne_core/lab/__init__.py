"""The lab: an MLP on images, sparse autoencoders on its hidden layer, and what can be asked of their units."""
