"""Dated facts shipped with the product: country groups, thresholds, goals."""
