# operation: secret-scan
# default: secret_scan
# reason: a secret that somebody copied into the image is every instance's, and no list of places has it
# paths: files of up to 1 MiB on every local disk of the guest but for /usr (not /usr/local), /boot, /snap, caches, containers' layers, the lists of dpkg, rpm and apt and
#   folders named test, tests, testdata and node_modules, by 30 patterns: private keys, tokens with a known prefix (AWS, GitHub, GitLab, Slack, Vault and
#   others), passwords in URLs; in binary files and UTF-16 text too. Of any size by their names: .p12, .pfx, .jks, .kdbx, .keytab, .tfstate, .htpasswd,
#   wp-config.php, Jenkins' secrets, and .env and .tfvars where they set a secret. Not seen: what is encoded otherwise, compressed, packed or encrypted
#
# It removes nothing: what to do with a finding is its owner's to say, by
# scrub_paths, keep or scan_allow.

secret_scan_seal() { true; }

secret_scan_check() { scan_everywhere; }
