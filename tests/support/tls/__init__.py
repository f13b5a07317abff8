"""Servers on 127.0.0.1 that do mutual TLS well, badly or not at all, and the PKI they use.

`pki` makes certificates. `openssl`, `nginx`, `apache`, `gnutls` and `stunnel` start the real
programs, `sockets` and `misbehaving` threads that answer by hand, `proxies` an HTTP proxy. Each
server is a context manager and gives its `port`; what a program logged is `log()`.
"""
