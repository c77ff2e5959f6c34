package cloud

// class is a set of meanings of an error code.
type class uint16

const (
	notFound class = 1 << iota
	throttle
	pending
	duplicate
	auth
	capacity
	inUse
	server
	unsupported
)

func (c class) has(want class) bool { return c&want != 0 }

// classes says what a code means. Where a row names no other source, it is the
// list of EC2's codes, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
// A code that is not in it has no class: the caller must not guess.
var classes = map[string]class{
	// Not there. Several of EC2's are also said of what is there but not visible yet.
	"InvalidAMIID.NotFound":                       notFound | pending,
	"InvalidAMIID.Unavailable":                    notFound | pending, // pending image; also a deregistered one, at the second DeregisterImage
	"InvalidSnapshot.NotFound":                    notFound | pending,
	"InvalidSnapshotID.NotFound":                  notFound | pending, // RegisterImage's spelling
	"InvalidInstanceID.NotFound":                  notFound | pending,
	"InvalidVolume.NotFound":                      notFound | pending,
	"InvalidKeyPair.NotFound":                     notFound,
	"InvalidGroup.NotFound":                       notFound | pending,
	"InvalidGroupId.NotFound":                     notFound, // older spelling
	"InvalidSecurityGroupID.NotFound":             notFound,
	"InvalidPermission.NotFound":                  notFound,
	"InvalidLaunchTemplateId.NotFound":            notFound,
	"InvalidLaunchTemplateName.NotFoundException": notFound,
	"InvalidLaunchTemplateId.VersionNotFound":     notFound,
	"InvalidSpotInstanceRequestID.NotFound":       notFound | pending,
	"InvalidFleetId.NotFound":                     notFound | pending,
	"InvalidNetworkInterfaceID.NotFound":          notFound | pending,
	"NoSuchEntity":                                notFound | pending, // IAM; its own consistency is late too
	"NotFoundException":                           notFound,           // KMS
	"ParameterNotFound":                           notFound,           // SSM

	// Too early.
	"IncorrectState":         pending,
	"IncorrectInstanceState": pending,

	// Too often, or no free slot. The SDK retries the first group itself (aws/retry/standard.go), not the second.
	"RequestLimitExceeded":     throttle,
	"EC2ThrottledException":    throttle,
	"Throttling":               throttle,
	"ThrottlingException":      throttle,
	"ThrottledException":       throttle,
	"RequestThrottled":         throttle,
	"TooManyRequestsException": throttle,
	"TooManyUpdates":           throttle, // SSM PutParameter
	"SlowDown":                 throttle,
	"BandwidthLimitExceeded":   throttle,
	"PriorRequestNotComplete":  throttle,

	"ConcurrentTagAccess":                   throttle,
	"ConcurrentSnapshotLimitExceeded":       throttle,
	"SnapshotCreationPerVolumeRateExceeded": throttle,
	"ConcurrentCreateImageLimitExceeded":    throttle,

	// Already there.
	"InvalidKeyPair.Duplicate":                         duplicate,
	"InvalidGroup.Duplicate":                           duplicate,
	"InvalidPermission.Duplicate":                      duplicate,
	"InvalidAMIName.Duplicate":                         duplicate,
	"InvalidLaunchTemplateName.AlreadyExistsException": duplicate,
	"EntityAlreadyExists":                              duplicate, // IAM
	"ParameterAlreadyExists":                           duplicate, // SSM
	"AlreadyExistsException":                           duplicate, // KMS

	// Refused. AuthFailure is also the answer to a resource of another owner, and
	// of a Region that does not know the session token.
	"UnauthorizedOperation":       auth,
	"AuthFailure":                 auth,
	"AccessDenied":                auth, // STS, IAM
	"AccessDeniedException":       auth, // KMS, SSM
	"OptInRequired":               auth,
	"Blocked":                     auth,
	"PendingVerification":         auth,
	"InvalidClientTokenId":        auth,
	"UnrecognizedClientException": auth,
	"SignatureDoesNotMatch":       auth,
	"MissingAuthenticationToken":  auth,
	"ExpiredToken":                auth, // STS; the SDK's credential cache has refreshed before, or could not
	"ExpiredTokenException":       auth, // KMS, SSM
	"RequestExpired":              auth, // EC2's word for an expired session

	// No room. EC2 sends them with HTTP 500, for which the SDK would retry.
	"InsufficientInstanceCapacity":         capacity,
	"InsufficientHostCapacity":             capacity,
	"InsufficientReservedInstanceCapacity": capacity,
	"InsufficientCapacity":                 capacity,
	"InsufficientCapacityOnHost":           capacity,
	"InsufficientFreeAddressesInSubnet":    capacity,
	"SpotMaxPriceTooLow":                   capacity,
	"MaxSpotInstanceCountExceeded":         capacity,

	// Still used.
	"DependencyViolation":    inUse,
	"InvalidGroup.InUse":     inUse,
	"InvalidSnapshot.InUse":  inUse,
	"VolumeInUse":            inUse,
	"DeleteConflict":         inUse, // IAM
	"ResourceInUseException": inUse,

	// AWS's own fault.
	"InternalError":              server,
	"InternalFailure":            server,
	"InternalServerError":        server, // SSM
	"KMSInternalException":       server,
	"DependencyTimeoutException": server, // KMS
	"ServiceUnavailable":         server,
	"ServiceFailure":             server, // IAM
	"Unavailable":                server,
	"RequestTimeout":             server,

	// Not known here.
	"InvalidAction":                 unsupported,
	"UnsupportedOperation":          unsupported,
	"Unsupported":                   unsupported,
	"UnknownParameter":              unsupported,
	"UnknownOperationException":     unsupported, // JSON services
	"UnsupportedOperationException": unsupported,
}
