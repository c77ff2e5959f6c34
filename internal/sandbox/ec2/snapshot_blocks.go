package ec2

// diskBlock is what EBS stores of a disk at least: it writes snapshots in blocks of
// 512 KiB (user guide of EBS, "Use EBS direct APIs").
const diskBlock = 512 << 10

// inBlocks is what that many new bytes take up. Where on the disk they lie is not
// known here, so it is the least that it can be.
func inBlocks(bytes int64) int64 { return (bytes + diskBlock - 1) / diskBlock * diskBlock }
