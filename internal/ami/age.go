package ami

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParseAge reads a duration as Go writes it, with days besides: "720h", "45m",
// "30d", "1d12h". A day is 24 hours. Negative durations are refused.
func ParseAge(s string) (time.Duration, error) {
	refuse := func(why string) (time.Duration, error) {
		return 0, fmt.Errorf("bad duration %q: %s; write it like 30d, 720h or 45m", s, why)
	}
	rest, days := s, time.Duration(0)
	if number, after, found := strings.Cut(s, "d"); found {
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return refuse("days must be a whole number")
		}
		if n > uint64(math.MaxInt64/day) {
			return refuse("it is too long")
		}
		days, rest = time.Duration(n)*day, after
		if rest == "" {
			return days, nil
		}
	}
	more, err := time.ParseDuration(rest)
	switch {
	case err != nil:
		return refuse("it is not a duration")
	case more < 0 || strings.HasPrefix(rest, "-"):
		return refuse("it is negative")
	case more > math.MaxInt64-days:
		return refuse("it is too long")
	}
	return days + more, nil
}
