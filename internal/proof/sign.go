package proof

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// A Sign looks once whether an instance is up. It gives what it saw in a few words, for
// the error of a wait that ends too early, and an error where waiting is no use.
type Sign func(ctx context.Context, instance string) (up bool, seen string, err error)

// EC2API are the looks at an instance.
type EC2API interface {
	GetConsoleOutput(ctx context.Context, in *ec2.GetConsoleOutputInput, opts ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error)
	GetPasswordData(ctx context.Context, in *ec2.GetPasswordDataInput, opts ...func(*ec2.Options)) (*ec2.GetPasswordDataOutput, error)
	DescribeInstanceStatus(ctx context.Context, in *ec2.DescribeInstanceStatusInput, opts ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error)
}

// SSMAPI is the look at SSM's agents.
type SSMAPI interface {
	DescribeInstanceInformation(ctx context.Context, in *ssm.DescribeInstanceInformationInput, opts ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error)
}

// Console is up when the console's output holds what the pattern describes. Nitro
// instances give the newest output; EC2 refuses that for others, which give what they
// wrote until some minutes after their start.
func Console(api EC2API, pattern *regexp.Regexp) Sign {
	return func(ctx context.Context, instance string) (bool, string, error) {
		out, err := api.GetConsoleOutput(ctx, &ec2.GetConsoleOutputInput{InstanceId: &instance, Latest: aws.Bool(true)})
		if cloud.IsUnsupported(err) {
			out, err = api.GetConsoleOutput(ctx, &ec2.GetConsoleOutputInput{InstanceId: &instance})
		}
		if err != nil {
			return false, "", err
		}
		text, err := base64.StdEncoding.DecodeString(aws.ToString(out.Output))
		if err != nil {
			return false, "", fmt.Errorf("EC2 gave a console output that is not base64: %w", err)
		}
		const shown = 300
		tail := text[max(0, len(text)-shown):]
		return pattern.Match(text), fmt.Sprintf("its console says …%q", tail), nil
	}
}

// Password is up when Windows has told its administrator's password, which it does at
// the end of its first boot.
func Password(api EC2API) Sign {
	return func(ctx context.Context, instance string) (bool, string, error) {
		out, err := api.GetPasswordData(ctx, &ec2.GetPasswordDataInput{InstanceId: &instance})
		if err != nil {
			return false, "", err
		}
		return aws.ToString(out.PasswordData) != "", "it has told no password", nil
	}
}

// StatusChecks is up when both of EC2's checks pass.
func StatusChecks(api EC2API) Sign {
	return func(ctx context.Context, instance string) (bool, string, error) {
		out, err := api.DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{InstanceIds: []string{instance}})
		if err != nil {
			return false, "", err
		}
		if len(out.InstanceStatuses) == 0 {
			return false, "EC2 has no status of it yet", nil
		}
		s := out.InstanceStatuses[0]
		of := func(summary *types.InstanceStatusSummary) types.SummaryStatus {
			if summary == nil {
				return ""
			}
			return summary.Status
		}
		system, own := of(s.SystemStatus), of(s.InstanceStatus)
		return system == types.SummaryStatusOk && own == types.SummaryStatusOk, fmt.Sprintf("EC2's status checks are: system %s, instance %s", system, own), nil
	}
}

// Agent is up when SSM's agent on the instance is online.
func Agent(api SSMAPI) Sign {
	return func(ctx context.Context, instance string) (bool, string, error) {
		out, err := api.DescribeInstanceInformation(ctx, &ssm.DescribeInstanceInformationInput{
			Filters: []ssmtypes.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{instance}}},
		})
		if err != nil {
			return false, "", err
		}
		if len(out.InstanceInformationList) == 0 {
			return false, "SSM knows no agent on it", nil
		}
		ping := out.InstanceInformationList[0].PingStatus
		return ping == ssmtypes.PingStatusOnline, fmt.Sprintf("SSM's agent on it is %s", ping), nil
	}
}

// Await looks every so often until the instance is up. What passes by itself ends no
// wait: throttles, server errors, an instance that is not known everywhere yet. The
// error tells what was seen last; it is ctx's cause if ctx ended the wait.
func (s Sign) Await(ctx context.Context, instance string, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		up, seen, err := s(ctx, instance)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("wait for %s: %w", instance, context.Cause(ctx))
		case err != nil && !passes(err):
			return fmt.Errorf("look at %s: %w", instance, err)
		case err != nil:
			seen = "the last look failed: " + err.Error()
		case up:
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s (%s): %w", instance, seen, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func passes(err error) bool {
	return cloud.IsThrottle(err) || cloud.IsTransient(err) || cloud.IsPending(err) ||
		cloud.IsNotFound(err) || errors.Is(err, context.DeadlineExceeded)
}
