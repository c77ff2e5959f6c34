package world

// vendorImage is a public image of a vendor, the same in every Region under an
// id of its own. The root of its Linux instances is the endpoint's base, whatever
// the name says: names, owners and devices are what templates filter on.
type vendorImage struct {
	owner, alias, name, description string
	arch, root, disk, user          string
	// platform is windows or "", boot and imds are "" where the image says nothing.
	platform, details, usage, boot, imds string
	// code is a Marketplace product code.
	code    string
	size    int64
	created string
}

// The owners' account ids are the published ones.
const (
	amazon      = "137112412989"
	microsoft   = "801119661308"
	debianOwner = "136693071363"
	canonical   = "099720109477"
	redHat      = "309956199498"
	suseOwner   = "013907871322"
	marketplace = "679593333241"
)

// plainUsage is the usage operation of Linux without a fee; the others follow
// "AMI billing information fields" of the EC2 User Guide.
const plainUsage = "RunInstances"

var vendorImages = []vendorImage{
	amazonLinux2023("2023.9.20260914.0", "x86_64", "2026-09-14T20:11:07Z"),
	amazonLinux2023("2023.9.20261102.0", "x86_64", "2026-11-02T19:42:51Z"),
	amazonLinux2023("2023.9.20261102.0", "arm64", "2026-11-02T19:42:53Z"),
	{
		owner: debianOwner, name: "debian-12-amd64-20261012-2262", description: "Debian 12 (20261012-2262)", created: "2026-10-12T06:10:11Z",
		arch: "x86_64", root: "/dev/xvda", disk: "gp3", size: 8, user: "admin", details: "Linux/UNIX", usage: plainUsage, boot: "uefi-preferred", imds: "v2.0",
	},
	{
		owner: debianOwner, name: "debian-13-amd64-20261019-2269", description: "Debian 13 (20261019-2269)", created: "2026-10-19T06:12:40Z",
		arch: "x86_64", root: "/dev/xvda", disk: "gp3", size: 8, user: "admin", details: "Linux/UNIX", usage: plainUsage, boot: "uefi-preferred", imds: "v2.0",
	},
	{
		owner: canonical, name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261105", description: "Canonical, Ubuntu, 24.04, amd64 noble image",
		created: "2026-11-05T08:31:20Z", arch: "x86_64", root: "/dev/sda1", disk: "gp3", size: 8, user: "ubuntu", details: "Linux/UNIX", usage: plainUsage,
		boot: "uefi-preferred", imds: "v2.0",
	},
	{
		owner: redHat, name: "RHEL-9.8.0_HVM-20261014-x86_64-0-Hourly2-GP3", description: "Provided by Red Hat, Inc.", created: "2026-10-14T15:20:34Z",
		arch: "x86_64", root: "/dev/sda1", disk: "gp3", size: 10, user: "ec2-user", details: "Red Hat Enterprise Linux", usage: "RunInstances:0010", boot: "uefi-preferred",
	},
	{
		owner: suseOwner, alias: "amazon", name: "suse-sles-15-sp7-v20261012-hvm-ssd-x86_64", description: "SUSE Linux Enterprise Server 15 SP7 (HVM, 64-bit, SSD-Backed)",
		created: "2026-10-12T11:02:18Z", arch: "x86_64", root: "/dev/sda1", disk: "gp3", size: 10, user: "ec2-user", details: "SUSE Linux", usage: "RunInstances:000g",
		boot: "uefi-preferred",
	},
	windowsServer("Windows_Server-2012-R2_RTM-English-64Bit-Base-2023.10.11", "Microsoft Windows Server 2012 R2 RTM 64-bit Locale English AMI provided by Amazon", "2023-10-11T07:36:25Z"),
	windowsServer("Windows_Server-2016-English-Full-Base-2026.11.11", "Microsoft Windows Server 2016 with Desktop Experience Locale English AMI provided by Amazon", "2026-11-11T06:51:02Z"),
	windowsServer("Windows_Server-2019-English-Full-Base-2026.11.11", "Microsoft Windows Server 2019 with Desktop Experience Locale English AMI provided by Amazon", "2026-11-11T06:52:43Z"),
	windowsServer("Windows_Server-2022-English-Full-Base-2026.11.11", "Microsoft Windows Server 2022 Full Locale English AMI provided by Amazon", "2026-11-11T06:54:17Z"),
	windows2025("Windows_Server-2025-English-Full-Base-2026.11.11", "Microsoft Windows Server 2025 Full Locale English AMI provided by Amazon", "2026-11-11T06:57:09Z"),
	{
		owner: marketplace, alias: "aws-marketplace", name: "Rocky-9-EC2-Base-9.8-20261013.0.x86_64-3f230a17-9877-4b16-aa5e-b1ff34ab206b", description: "Rocky-9-EC2-Base-9.8-20261013.0.x86_64",
		created: "2026-10-16T17:40:55Z", arch: "x86_64", root: "/dev/sda1", disk: "gp2", size: 10, user: "rocky", details: "Linux/UNIX", usage: plainUsage,
		boot: "uefi-preferred", code: "5s7yvdcc3gdkxexl4m1bj9v2n",
	},
}

func amazonLinux2023(version, arch, created string) vendorImage {
	return vendorImage{
		owner: amazon, alias: "amazon", name: "al2023-ami-" + version + "-kernel-6.1-" + arch, description: "Amazon Linux 2023 AMI " + version + " " + arch + " HVM kernel-6.1",
		arch: arch, root: "/dev/xvda", disk: "gp3", size: 8, user: "ec2-user", details: "Linux/UNIX", usage: plainUsage, boot: "uefi-preferred", imds: "v2.0", created: created,
	}
}

// windowsServer is an image of Windows as Amazon publishes it every month, after
// Microsoft's updates. Instances have no guest behind them.
func windowsServer(name, description, created string) vendorImage {
	return vendorImage{
		owner: microsoft, alias: "amazon", name: name, description: description, arch: "x86_64", root: "/dev/sda1", disk: "gp2", size: 30, user: "administrator",
		platform: "windows", details: "Windows", usage: "RunInstances:0002", created: created,
	}
}

// windows2025 boots by UEFI and wants tokens for its metadata, unlike older ones.
func windows2025(name, description, created string) vendorImage {
	v := windowsServer(name, description, created)
	v.boot, v.imds = "uefi", "v2.0"
	return v
}
