"""One sensor a file. Each is handed what it reads, and fills its columns with integers in the catalogue's scale."""
