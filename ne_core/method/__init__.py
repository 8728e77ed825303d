"""The ideas on arrays: embeddings, trees and cuts, measures, names, similarity, contributions."""
