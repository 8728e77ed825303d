"""Part `layers`: the nearest features in other layers, in several spaces, against random features of those layers."""
