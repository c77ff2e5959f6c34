// Package wire turns AWS's three request protocols into Go values and back: EC2
// Query (form in, XML out), the Query protocol of STS and IAM, and JSON 1.1 of
// KMS and SSM.
//
// It owns names, shapes and error envelopes, and knows no resource: what an
// action means is decided in the packages of the services. A parameter that an
// action does not declare is an error, as it is on EC2, so that no test passes
// because the endpoint ignored something.
package wire
