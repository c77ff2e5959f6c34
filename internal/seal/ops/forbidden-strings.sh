# operation: forbidden-strings
# default: forbidden_strings
# reason: you said in forbidden_strings that it must not be in the image, or it is a password or sensitive variable of this build
# paths: files of up to 256 MiB on every local disk of the guest, those of keep too, in UTF-16 too where the string is ASCII; a string of several lines by its longest one.
#   Not seen: what is encoded, compressed or packed, and names of files
#
# It removes nothing: what to do with a finding is its owner's to say, by
# scrub_paths or in the step that wrote it.

forbidden_strings_seal() { true; }

forbidden_strings_check() { forbidden_everywhere; }
