package ec2

// Quota is a service quota that this package enforces. Codes and names are those
// of Service Quotas.
type Quota struct {
	Service, ServiceName, Code, Name string
	Value                            float64
	// Adjustable tells whether AWS raises the quota on request.
	Adjustable bool
}

// Quotas are the quotas that this package enforces in every account and Region.
// (The one of 20 snapshot copies at a time has a name but no published code.)
func Quotas() []Quota {
	return []Quota{
		{"ebs", "Amazon Elastic Block Store (Amazon EBS)", "L-E137849C", "Time-based snapshot copy throughput between a source and destination Region", pairCopyRate, true},
		{"ec2", "Amazon Elastic Compute Cloud (Amazon EC2)", "L-0E3CBAB9", "Public AMIs", maxPublicImages, true},
	}
}
