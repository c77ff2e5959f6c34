# operation: secret-scan
# default: secret_scan
# reason: a secret that somebody copied into the image is every instance's, and no list of places has it
# paths: files of up to 1 MiB below /etc, /home, /root, /opt, /srv, /usr/local and /var, by 27 patterns: private keys, tokens with a known prefix
#   (AWS, GitHub, GitLab, Slack, Vault and others), passwords in URLs; in binary files and UTF-16 text too. Not seen: what is
#   encoded otherwise, compressed, packed or encrypted
#
# It removes nothing: what to do with a finding is its owner's to say, by
# scrub_paths, keep or scan_allow.

secret_scan_seal() { true; }

secret_scan_check() { scan_everywhere; }
