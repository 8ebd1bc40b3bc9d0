"""A year of a support desk: tickets lived through at random, judged by the product, to be counted again by others."""
