package kms

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// errDryRun is the answer to a permitted call with DryRun.
func errDryRun() error {
	return wire.Errorf("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}

// checkAlgorithm refuses what is not the one algorithm of symmetric keys.
func checkAlgorithm(name string, k *world.Key) error {
	if name != "" && name != symmetric {
		return wire.Errorf("InvalidKeyUsageException", "Algorithm %s and key spec %s are incompatible.", name, k.Spec) // unverified: text
	}
	return nil
}
