"""The SAE lab as it is read: an MLP on images, sparse autoencoders on its hidden layer, and their units."""
