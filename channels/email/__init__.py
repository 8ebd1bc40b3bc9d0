"""E-mail: IMAP and SMTP/LMTP in, SMTP out."""
