"""Catalogue files: text to drafts of resources, and resources to text. No I/O."""
