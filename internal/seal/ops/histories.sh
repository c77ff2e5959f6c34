# operation: histories
# reason: commands typed during the build, with the passwords typed on their lines
# paths: histories of shells, editors, databases and REPLs in every home

histories_home() {
	for name in .bash_history .zsh_history .zhistory .histfile .history .sh_history .ash_history .ksh_history \
		.local/share/fish/fish_history .local/state/bash/history .local/state/zsh/history .cache/zsh/history .config/zsh/.zsh_history .config/zsh/history .config/fish/fish_history \
		.config/nushell/history.txt .local/share/powershell/PSReadLine/ConsoleHost_history.txt .lftp/rl_history .mc/history .local/share/mc/history .vim/.netrwhist \
		.python_history .ipython/profile_default/history.sqlite .node_repl_history .irb_history .php_history .Rhistory \
		.mysql_history .mariadb_history .psql_history .sqlite_history .rediscli_history .dbshell .mongorc_history \
		.mongodb/mongosh/mongosh_repl_history .julia/logs/repl_history.jl .local/share/nano/search_history \
		.lesshst .viminfo .local/state/lesshst .local/state/nvim/shada/main.shada .wget-hsts; do
		"$histories_do" "$1/$name"
	done
	for file in "$1"/.*_history "$1"/.local/share/atuin/history.db*; do
		[ ! -f "$file" ] || "$histories_do" "$file"
	done
}

histories_seal() {
	histories_do=drop
	each_home histories_home
	each_home histories_unfinished
}

histories_check() {
	histories_do=left
	each_home histories_home
	each_home histories_unfinished
}

# Bash and vim leave these when they are killed while they write.
histories_unfinished() { "$histories_do" "$1"/.*_history-[0-9]*.tmp "$1"/.viminf?.tmp; }
