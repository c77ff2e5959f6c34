# operation: home-caches
# default: off
# reason: caches of pip, npm, editors and others fill the image; some builds put models and packages there on purpose
# paths: below ~/.cache of every home

home_caches_seal() { each_home home_caches_one; }

home_caches_one() { clear_tree "$1/.cache"; }

home_caches_check() { each_home home_caches_left; }

home_caches_left() { left_files "$1/.cache"; }
