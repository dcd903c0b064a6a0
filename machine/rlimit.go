// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// rlimitNames are the resources by their generic numbers (include/uapi/asm-generic/resource.h), named as in limits.conf.
var rlimitNames = []string{
	"cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime",
}

// Unlimited is a resource limit that is none (RLIM64_INFINITY).
const Unlimited = math.MaxUint64

// Rlimit is an entry of Machine.Rlimits: the resource's generic number, and its limits. Of an entry of a machine that is not valid ok is
// false.
func Rlimit(name, value string) (resource int, soft, hard uint64, ok bool) {
	resource = slices.Index(rlimitNames, name)
	soft, hard, err := parseRlimit(value)
	return resource, soft, hard, resource >= 0 && err == nil
}

func parseRlimit(text string) (soft, hard uint64, err error) {
	low, high, two := strings.Cut(text, ":")
	if soft, err = parseLimit(low); err != nil || !two {
		return soft, soft, err
	}
	if hard, err = parseLimit(high); err != nil {
		return 0, 0, err
	}
	if soft > hard {
		return 0, 0, fmt.Errorf("the soft limit %s is above the hard limit %s", limitText(soft), limitText(hard))
	}
	return soft, hard, nil
}

func parseLimit(text string) (uint64, error) {
	text = strings.TrimSpace(text)
	if slices.Contains([]string{"unlimited", "infinity", "-1", "max"}, strings.ToLower(text)) {
		return Unlimited, nil
	}
	size, err := ParseSize(text)
	if err != nil || strings.EqualFold(text, "none") {
		return 0, errors.New("want SOFT or SOFT:HARD, each a number, a size (8MiB) or unlimited")
	}
	return uint64(size), nil
}

func limitText(limit uint64) string {
	if limit == Unlimited {
		return "unlimited"
	}
	return strconv.FormatUint(limit, 10)
}

// rlimitName takes RLIMIT_NOFILE for nofile.
func rlimitName(name string) (string, error) {
	lower := strings.TrimPrefix(strings.ToLower(name), "rlimit_")
	if !slices.Contains(rlimitNames, lower) {
		return "", fmt.Errorf("there is no such limit; did you mean %q?", nearest(lower, rlimitNames))
	}
	return lower, nil
}

func rlimitValue(_, text string) (string, error) {
	soft, hard, err := parseRlimit(text)
	if err != nil {
		return "", err
	}
	return limitText(soft) + ":" + limitText(hard), nil
}
