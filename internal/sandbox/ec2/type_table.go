package ec2

import "strings"

// typeSpec is what the endpoint knows of an instance type. Memory is in MiB.
type typeSpec struct {
	arch               string
	vcpus, memory      int64
	burstable, current bool
}

// typeFamily is a family of types whose sizes have their memory in proportion to
// their vCPUs.
type typeFamily struct {
	name, arch string
	// perCPU is the memory in MiB of each vCPU.
	perCPU int64
	sizes  string
}

const (
	upTo8  = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge"
	upTo16 = "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
)

// typeFamilies are the families with their sizes (docs.aws.amazon.com, "Amazon EC2
// instance types"), bare metal left out.
//
// unverified: that EC2 still counts m4, c4 and t2 to the current generation.
var typeFamilies = []typeFamily{
	{"m5", "x86_64", 4096, upTo8},
	{"m5a", "x86_64", 4096, upTo8},
	{"m6i", "x86_64", 4096, upTo8 + " 32xlarge"},
	{"m6a", "x86_64", 4096, upTo8 + " 32xlarge 48xlarge"},
	{"m7i", "x86_64", 4096, upTo8 + " 48xlarge"},
	{"m4", "x86_64", 4096, "large xlarge 2xlarge 4xlarge 10xlarge 16xlarge"},
	{"m6g", "arm64", 4096, upTo16},
	{"m7g", "arm64", 4096, upTo16},
	{"c4", "x86_64", 1920, "large xlarge 2xlarge 4xlarge"},
	{"c5", "x86_64", 2048, "large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge"},
	{"c6i", "x86_64", 2048, upTo8 + " 32xlarge"},
	{"c7i", "x86_64", 2048, upTo8 + " 48xlarge"},
	{"c6g", "arm64", 2048, upTo16},
	{"c7g", "arm64", 2048, upTo16},
	{"r5", "x86_64", 8192, upTo8},
	{"r6i", "x86_64", 8192, upTo8 + " 32xlarge"},
	{"r7i", "x86_64", 8192, upTo8 + " 48xlarge"},
	{"r6g", "arm64", 8192, upTo16},
	{"r7g", "arm64", 8192, upTo16},
}

// sizeCPUs are the vCPUs of a size in these families.
var sizeCPUs = map[string]int64{
	"medium": 1, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "9xlarge": 36, "10xlarge": 40,
	"12xlarge": 48, "16xlarge": 64, "18xlarge": 72, "24xlarge": 96, "32xlarge": 128, "48xlarge": 192,
}

// burstableSizes are vCPUs and memory of the t families, of which t2 has one vCPU
// up to small.
var burstableSizes = map[string][2]int64{
	"nano": {2, 512}, "micro": {2, 1024}, "small": {2, 2048}, "medium": {2, 4096}, "large": {2, 8192}, "xlarge": {4, 16384}, "2xlarge": {8, 32768},
}

// instanceTypes are all types that can be launched, by name.
var instanceTypes = makeTypes()

func makeTypes() map[string]typeSpec {
	all := map[string]typeSpec{
		"c4.8xlarge": {arch: "x86_64", vcpus: 36, memory: 61440, current: true},
		"m3.medium":  {arch: "x86_64", vcpus: 1, memory: 3840},
		"m3.large":   {arch: "x86_64", vcpus: 2, memory: 7680},
		"m3.xlarge":  {arch: "x86_64", vcpus: 4, memory: 15360},
		"m3.2xlarge": {arch: "x86_64", vcpus: 8, memory: 30720},
	}
	for _, f := range typeFamilies {
		for _, size := range strings.Fields(f.sizes) {
			n := sizeCPUs[size]
			all[f.name+"."+size] = typeSpec{arch: f.arch, vcpus: n, memory: n * f.perCPU, current: true}
		}
	}
	for family, arch := range map[string]string{"t2": "x86_64", "t3": "x86_64", "t3a": "x86_64", "t4g": "arm64"} {
		for size, is := range burstableSizes {
			s := typeSpec{arch: arch, vcpus: is[0], memory: is[1], burstable: true, current: true}
			if family == "t2" && s.memory <= 2048 {
				s.vcpus = 1
			}
			all[family+"."+size] = s
		}
	}
	return all
}

// typeArchitecture is the architecture of an instance type; false when there is
// no such type.
func typeArchitecture(name string) (string, bool) {
	s, known := instanceTypes[name]
	return s.arch, known
}

// defaultCredits is how a burstable type starts unless the launch says otherwise:
// t2 with standard credits, the later families with unlimited ones
// (docs.aws.amazon.com, "Unlimited mode for burstable performance instances").
func defaultCredits(name string) string {
	switch {
	case !instanceTypes[name].burstable:
		return ""
	case strings.HasPrefix(name, "t2."):
		return "standard"
	default:
		return "unlimited"
	}
}
