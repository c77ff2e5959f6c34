package ebs

import (
	"os"
	"strconv"
	"time"

	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
)

// Defaults of aws_polling, as its documentation gives them.
const (
	documentedDelay    = 15
	documentedAttempts = 40
)

// pace is aws_polling as the steps of amazon-ebs do what it says. They take it wrongly
// in two ways: attempts without a delay count two seconds each, and a delay of more
// than two minutes fails every wait. Without the option they look each second at
// first, and for ten minutes at most.
func (c *Config) pace() *awscommon.AWSPollingConfig {
	limit := c.waitLimit()
	if limit == 0 {
		return &awscommon.AWSPollingConfig{DelaySeconds: 1, MaxAttempts: 600}
	}
	delay := c.PollingConfig.DelaySeconds
	if delay == 0 {
		delay = 1
	}
	delay = min(delay, 30)
	return &awscommon.AWSPollingConfig{DelaySeconds: delay, MaxAttempts: max(1, int(limit/time.Second)/delay)}
}

// waitLimit is how long aws_polling allows one wait to take; zero where neither it
// nor the variables that amazon-ebs reads are set.
func (c *Config) waitLimit() time.Duration {
	delay, attempts := c.PollingConfig.DelaySeconds, c.PollingConfig.MaxAttempts
	if delay == 0 {
		delay = environmentNumber("AWS_POLL_DELAY_SECONDS")
	}
	if attempts == 0 {
		attempts = environmentNumber("AWS_MAX_ATTEMPTS")
	}
	if attempts == 0 {
		if seconds := environmentNumber("AWS_TIMEOUT_SECONDS"); seconds > 0 {
			return time.Duration(seconds) * time.Second
		}
	}
	if delay == 0 && attempts == 0 {
		return 0
	}
	if delay == 0 {
		delay = documentedDelay
	}
	if attempts == 0 {
		attempts = documentedAttempts
	}
	return time.Duration(delay) * time.Duration(attempts) * time.Second
}

func environmentNumber(name string) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// limitOr is waitLimit with a default.
func (c *Config) limitOr(d time.Duration) time.Duration {
	if limit := c.waitLimit(); limit > 0 {
		return limit
	}
	return d
}
