package behaviour

const internal = "An internal error has occurred"

// transport is what happens to calls whatever they ask.
func transport() []Behaviour {
	return []Behaviour{
		{1, "Too many calls are throttled", Logged, []Answer{
			{503, "RequestLimitExceeded", "Request limit exceeded."},
			{503, "RequestLimitExceeded", "Request limit exceeded. Account {account} has been throttled on ec2:{action} because it exceeded its request rate limit."},
		}},
		{2, "Limits are token buckets per account, Region and action", Documented, []Answer{
			{503, "RequestLimitExceeded", "Request limit exceeded. Account {account} has been throttled on ec2:{action} because it exceeded its request rate limit."},
		}},
		{3, "The server fails, and says so of some mistakes of the caller too", Captured, []Answer{{500, "InternalError", internal}}},
		{4, "The server is not available", Unverified, []Answer{{503, "Unavailable", "The server is overloaded and can't handle the request."}}},
		{5, "An answer is no XML, cut off, or empty", Read, nil},
		{6, "A call is carried out and its answer is lost", Read, nil},
		{7, "A connection is reset before the call is carried out", Read, nil},
		{8, "A call is never answered, or slowly", Read, nil},
	}
}

// callers is about who calls.
func callers() []Behaviour {
	const denied = "You are not authorized to perform this operation. User: {caller} is not authorized to perform: {action} on resource: {resource} "
	return []Behaviour{
		{9, "A caller without permission", Captured, []Answer{
			{403, "UnauthorizedOperation", denied + "because no identity-based policy allows the {action} action. Encoded authorization failure message: {encoded}"},
		}},
		{10, "A caller whom a policy denies the call", Logged, []Answer{
			{403, "UnauthorizedOperation", denied + "with an explicit deny in an identity-based policy. Encoded authorization failure message: {encoded}"},
		}},
		{11, "Credentials that are unknown, or not known in an opt-in Region", Logged, []Answer{
			{401, "AuthFailure", "AWS was not able to validate the provided access credentials"},
		}},
		{12, "A change of what another account owns", Captured, []Answer{{400, "AuthFailure", "Not authorized for image:{image}"}}},
		{13, "A product or Region to which the account has not subscribed", Logged, []Answer{
			{401, "OptInRequired", "In order to use this AWS Marketplace product you need to accept terms and subscribe. To do so please visit {page}"},
		}},
		{14, "Credentials that ended", Logged, []Answer{
			{400, "RequestExpired", "Request has expired."},
			{403, "ExpiredToken", "The security token included in the request is expired"},
			{400, "ExpiredTokenException", "The security token included in the request is expired"},
		}},
		{15, "The date of an answer is the server's, whatever the client's clock says", Read, []Answer{
			{401, "AuthFailure", "AWS was not able to validate the provided access credentials"},
		}},
	}
}

// repeats is about calls that are made twice.
func repeats() []Behaviour {
	return []Behaviour{
		{16, "The same client token and parameters give the same result", Documented, nil},
		{17, "The same client token with other parameters", Documented, []Answer{
			{400, "IdempotentParameterMismatch", "The client token '{token}' was used with other parameters before"},
		}},
		{18, "CreateImage, RegisterImage, CopySnapshot, CreateSnapshot, CreateKeyPair and CreateSecurityGroup take no client token", Read, []Answer{
			{400, "UnknownParameter", "The parameter ClientToken is not recognized"},
		}},
		{19, "CopySnapshot twice makes two snapshots", Captured, nil},
		{20, "The name of an image is taken", Captured, []Answer{
			{400, "InvalidAMIName.Duplicate", "AMI name {name} is already in use by AMI {image}"},
		}},
		{21, "CopyImage takes a name that is taken", Logged, nil},
		{22, "The name of an image is no name", Captured, []Answer{
			{400, "InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'"},
		}},
		{23, "What a lost answer had made is there when the call is repeated", Logged, []Answer{
			{400, "InvalidKeyPair.Duplicate", "The keypair already exists"},
			{400, "InvalidGroup.Duplicate", "The security group '{name}' already exists for VPC '{vpc}'"},
			{400, "InvalidPermission.Duplicate", `the specified rule "{rule}" already exists`},
		}},
		{24, "A dry run of a permitted call is an error", Captured, []Answer{
			{412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."},
		}},
	}
}
