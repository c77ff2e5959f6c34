// Package sandboxtest starts a local endpoint for a test and gives AWS SDK
// clients that reach it as any account in any Region.
//
// It decides nothing about AWS: it is the one place where tests learn an
// endpoint's address and keys. Only tests import it.
package sandboxtest
