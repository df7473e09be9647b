"""Tools of the project: the schema generator, benchmarks, the demo."""
