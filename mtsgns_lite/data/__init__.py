"""Data: catalogues, data sets, graphs, splits and training samples, in the order data flows."""
