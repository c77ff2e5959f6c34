package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

func TestMain(m *testing.M) {
	instance.MaybeGuest()
	testscript.Main(m, map[string]func(){"sandbox": main, "describe-regions": describeRegions, "get": get})
}

// describeRegions is a program for scripts: it calls EC2 once, without retries, as
// its environment says, and prints the outcome.
func describeRegions() {
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
	if err == nil {
		_, err = ec2.NewFromConfig(cfg).DescribeRegions(context.Background(), &ec2.DescribeRegionsInput{})
	}
	fmt.Println("outcome:", err)
}

// get is a program for scripts: it prints what a path of the endpoint answers.
func get() {
	answer, err := http.Get(os.Getenv("AWS_ENDPOINT_URL") + os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	_, _ = io.Copy(os.Stdout, answer.Body) // what is missing fails the script
	_ = answer.Body.Close()
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true})
}

func TestCallersOwnAWSSettingsStayOut(t *testing.T) {
	t.Parallel()
	kept := withoutAWS([]string{"PATH=/bin", "AWS_PROFILE=prod", "AWS_SESSION_TOKEN=x", "HOME=/h"})
	if len(kept) != 2 || kept[0] != "PATH=/bin" || kept[1] != "HOME=/h" {
		t.Errorf("kept %v", kept)
	}
}

func TestDevNullIsNoTerminal(t *testing.T) {
	t.Parallel()
	info, err := os.Stat(os.DevNull)
	if err != nil || !isDevNull(info) {
		t.Errorf("%v, %v", info, err)
	}
}
