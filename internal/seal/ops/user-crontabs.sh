# operation: user-crontabs
# default: off
# reason: jobs that were meant for the build would run on every instance; many images bake them on purpose
# paths: below /var/spool/cron (crontabs of Debian and Ubuntu, tabs of SUSE); /etc/cron* and Alpine's /etc/crontabs are content
#
# Alpine's is a link to /etc/crontabs: links stay and are not followed.

user_crontabs_each() { "$1" "$GA_ROOT/var/spool/cron" -type f ! -path '*/atjobs/*' ! -path '*/atspool/*' ! -path '*/lastrun/*'; }

user_crontabs_seal() { user_crontabs_each clear_files; }

user_crontabs_check() { user_crontabs_each left_files; }
