package proof

import (
	"context"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
)

// booting is an instance that is up after some looks. An answer for another instance
// is refused, as EC2 does.
type booting struct {
	upAfter, looks int
	fail           error // of the first look
	noNitro        bool  // EC2 refuses to give the newest output
}

func (b *booting) look(id string) (bool, error) {
	if id != "i-new" {
		return false, &smithy.GenericAPIError{Code: "InvalidInstanceID.Malformed", Message: id}
	}
	b.looks++
	if b.looks == 1 && b.fail != nil {
		return false, b.fail
	}
	return b.looks > b.upAfter, nil
}

func (b *booting) GetConsoleOutput(_ context.Context, in *ec2.GetConsoleOutputInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error) {
	if b.noNitro == aws.ToBool(in.Latest) {
		return nil, &smithy.GenericAPIError{Code: "UnsupportedOperation"}
	}
	up, err := b.look(*in.InstanceId)
	text := "booting"
	if up {
		text += "\nCloud-init v. 22.4.2 finished at Sat"
	}
	return &ec2.GetConsoleOutputOutput{Output: aws.String(base64.StdEncoding.EncodeToString([]byte(text)))}, err
}

func (b *booting) GetPasswordData(_ context.Context, in *ec2.GetPasswordDataInput, _ ...func(*ec2.Options)) (*ec2.GetPasswordDataOutput, error) {
	up, err := b.look(*in.InstanceId)
	out := &ec2.GetPasswordDataOutput{PasswordData: aws.String("")}
	if up {
		out.PasswordData = aws.String("c2VjcmV0")
	}
	return out, err
}

func (b *booting) DescribeInstanceStatus(_ context.Context, in *ec2.DescribeInstanceStatusInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	up, err := b.look(in.InstanceIds[0])
	if b.looks == 1 {
		return &ec2.DescribeInstanceStatusOutput{}, err
	}
	s := types.InstanceStatus{
		SystemStatus:   &types.InstanceStatusSummary{Status: types.SummaryStatusOk},
		InstanceStatus: &types.InstanceStatusSummary{Status: types.SummaryStatusInitializing},
	}
	if up {
		s.InstanceStatus.Status = types.SummaryStatusOk
	}
	return &ec2.DescribeInstanceStatusOutput{InstanceStatuses: []types.InstanceStatus{s}}, err
}

func (b *booting) DescribeInstanceInformation(_ context.Context, in *ssm.DescribeInstanceInformationInput, _ ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error) {
	f := in.Filters[0]
	if *f.Key != "InstanceIds" {
		return nil, &smithy.GenericAPIError{Code: "InvalidFilterKey"}
	}
	up, err := b.look(f.Values[0])
	if b.looks == 1 {
		return &ssm.DescribeInstanceInformationOutput{}, err
	}
	ping := ssmtypes.PingStatusConnectionLost
	if up {
		ping = ssmtypes.PingStatusOnline
	}
	return &ssm.DescribeInstanceInformationOutput{InstanceInformationList: []ssmtypes.InstanceInformation{{PingStatus: ping}}}, err
}

var finished = regexp.MustCompile(`Cloud-init v\. \S+ finished`)

func signs(b *booting) map[string]Sign {
	return map[string]Sign{
		"console": Console(b, finished), "password": Password(b), "status": StatusChecks(b), "agent": Agent(b),
	}
}

func TestEachSignIsAwaited(t *testing.T) {
	t.Parallel()
	for name := range signs(nil) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &booting{upAfter: 3, fail: &smithy.GenericAPIError{Code: "InvalidInstanceID.NotFound"}}
			if err := signs(b)[name].Await(t.Context(), "i-new", time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if b.looks != 4 {
				t.Errorf("%d looks", b.looks)
			}
		})
	}
}

func TestTheConsoleOfOlderTypesIsRead(t *testing.T) {
	t.Parallel()
	b := &booting{upAfter: 1, noNitro: true}
	if err := signs(b)["console"].Await(t.Context(), "i-new", time.Millisecond); err != nil {
		t.Error(err)
	}
}

func TestAWaitThatEndsTellsWhatItSaw(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"console": "booting", "password": "no password", "status": "instance initializing", "agent": "ConnectionLost",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			late := errors.New("too late")
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			b := &booting{upAfter: 1 << 30}
			sign := signs(b)[name]
			err := Sign(func(c context.Context, id string) (bool, string, error) {
				up, seen, err := sign(c, id)
				if b.looks == 3 {
					defer stop(late)
					return up, seen, err
				}
				return up, seen, err
			}).Await(ctx, "i-new", time.Millisecond)
			if !errors.Is(err, late) || !strings.Contains(err.Error(), "i-new") {
				t.Errorf("error %v", err)
			}
			if _, seen, _ := sign(t.Context(), "i-new"); !strings.Contains(seen, want) {
				t.Errorf("saw %q", seen)
			}
		})
	}
}

func TestARefusedLookEndsTheWait(t *testing.T) {
	t.Parallel()
	for name := range signs(nil) {
		b := &booting{fail: &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "You are not authorized"}}
		if err := signs(b)[name].Await(t.Context(), "i-new", time.Hour); err == nil || !strings.Contains(err.Error(), "not authorized") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
