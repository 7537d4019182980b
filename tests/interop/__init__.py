"""What real calendar programs make of Benchshare; run by `make interop`, not by `make test`."""
