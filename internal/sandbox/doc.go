// Package sandbox is a local endpoint that speaks EC2, STS, IAM, KMS, SSM, Service
// Quotas and the Price List, so that images can be built, copied, encrypted and
// shared with no AWS account. It is no AWS: it keeps AWS's names, states, codes and
// rules as far as images need them, on one machine, with real Linux guests behind
// the instances.
//
// This package owns the HTTP side: who calls (by access key), where (the Region
// of the signature's scope), which service, and the log of calls. What an action
// does is in the packages ec2, kms, sts, iam, ssm, servicequotas and pricing below
// it; what exists is in world; what runs is in instance. Signatures are not recomputed: the access key
// must be one that the endpoint gave out.
//
// Only tests, bench and cmd/sandbox import it, so that the plugin holds none of it.
package sandbox
