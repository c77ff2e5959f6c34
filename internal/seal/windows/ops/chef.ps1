# operation: chef
# reason: every instance would be one node to the Chef server; the validation key lets anybody make new ones
# paths: client.pem, validation.pem, validator keys and data bag secrets in \chef and \cinc of the system drive, overwritten; cache and
#   backup beside them

function chef-folders {
	Join-Path $env:SystemDrive '\chef'
	Join-Path $env:SystemDrive '\cinc'
}

function chef-keys {
	foreach ($dir in @(chef-folders)) {
		foreach ($item in @(GaNamed $dir @('client.pem', 'validation.pem', '*-validator.pem', 'encrypted_data_bag_secret'))) {
			if (-not $item.PSIsContainer) { $item.FullName }
		}
	}
}

function chef-trees {
	foreach ($dir in @(chef-folders)) {
		Join-Path $dir 'cache'
		Join-Path $dir 'backup'
	}
}

function seal-chef {
	GaDestroy @(chef-keys)
	foreach ($dir in @(chef-trees)) { GaClear $dir }
}

function check-chef {
	GaLeft @(chef-keys)
	foreach ($dir in @(chef-trees)) { GaLeftBelow $dir }
}
