// Package authorize is IAM at work: it knows which permissions a call needs, on
// which resources and with which condition keys, which policies apply to its
// caller, and how each service words a denial.
//
// [Gate] stands before every action. Two checks come later, where AWS makes them
// late as well: EBS's use of a KMS key in the caller's name ([EBS]), and the trust
// policy of a role ([AssumeRole]). What a policy means is decided in package
// policy, what exists is in world.
//
// Nothing is denied by default: a user or role for whom no policy is set may do
// everything, as may an account's root.
package authorize
