# operation: at-jobs
# reason: what was put off during the build would run once more on every instance, with the environment of the build in it
# paths: /var/spool/at (RHEL, Amazon Linux), /var/spool/cron/{atjobs,atspool} (Debian, Ubuntu), /var/spool/{atjobs,atspool} (SUSE)

at_jobs_each() {
	for dir in at cron/atjobs cron/atspool atjobs atspool; do
		# .SEQ is the number of the last job; at complains without it.
		"$1" "$GA_ROOT/var/spool/$dir" ! -name .SEQ
	done
}

at_jobs_seal() { at_jobs_each clear_files; }

at_jobs_check() { at_jobs_each left_files; }
