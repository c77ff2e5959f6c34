package windows

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// alwaysKept is what the builder put into the image to be read by its instances and
// by the next stage's build, and what an instance of any image needs of its agent.
var alwaysKept = []string{`C:\ProgramData\goldenami`, `C:\ProgramData\Amazon\EC2Launch\config`, `C:\ProgramData\Amazon\EC2Launch\sysprep`}

// system are folders without which nothing starts, or nobody logs in.
var system = []string{
	`C:\Windows`, `C:\Windows\System32`, `C:\Windows\SysWOW64`, `C:\Windows\System32\config`, `C:\Windows\System32\drivers`, `C:\Windows\WinSxS`,
	`C:\Users`, `C:\Users\Administrator`, `C:\Users\Default`, `C:\Users\Public`, `C:\ProgramData`, `C:\ProgramData\Amazon`,
	`C:\ProgramData\Microsoft`, `C:\ProgramData\ssh`, `C:\Program Files`, `C:\Program Files\Amazon`, `C:\Program Files (x86)`, `C:\Boot`, `C:\Recovery`,
	`C:\System Volume Information`,
}

var absolute = regexp.MustCompile(`^[A-Za-z]:\\`)

// clean gives p with backslashes and without one at its end, but for a drive's.
func clean(p string) string {
	p = strings.ReplaceAll(p, "/", `\`)
	if len(p) > len(`C:\`) {
		p = strings.TrimSuffix(p, `\`)
	}
	return p
}

func cleanAll(all []string) []string {
	cleaned := make([]string, len(all))
	for i, p := range all {
		cleaned[i] = clean(p)
	}
	return cleaned
}

// ValidPath refuses paths that cannot mean what their writer thinks.
func ValidPath(p string) error {
	cleaned := clean(p)
	switch {
	case !utf8.ValidString(p):
		return fmt.Errorf("%q is not UTF-8", p)
	case strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%q holds a control character", p)
	case !absolute.MatchString(cleaned):
		return fmt.Errorf("%q is not an absolute path of Windows; write it as in \"C:/build\"", p)
	case len(cleaned) == len(`C:\`):
		return fmt.Errorf("%q is a whole drive; name what is meant on it", p)
	}
	for segment := range strings.SplitSeq(cleaned[len(`C:\`):], `\`) {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("%q is not in its shortest form; leave out what is empty or dots", p)
		}
		if strings.ContainsAny(segment, `<>:"|?*`) || strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " ") {
			return fmt.Errorf("%q holds %q, which is no name of a file on Windows; patterns are not taken", p, segment)
		}
	}
	return nil
}

// validScrub refuses what would leave no guest, or what is wanted and unwanted at
// once.
func (o Options) validScrub(p string) error {
	if err := ValidPath(p); err != nil {
		return err
	}
	for _, dir := range system {
		if below(dir, clean(p)) {
			return fmt.Errorf("%q is a part of every system; name what is to go in it", p)
		}
	}
	for _, kept := range alwaysKept {
		if below(clean(p), kept) || below(kept, clean(p)) {
			return fmt.Errorf("%q holds what instances and the next stage's build read from %s", p, kept)
		}
	}
	for _, kept := range o.Keep {
		if below(clean(p), clean(kept)) {
			return fmt.Errorf("%q is to go and is kept by %q in keep", p, kept)
		}
	}
	return nil
}

// below tells whether p is dir or stands in it, as Windows compares names; both are
// clean.
func below(p, dir string) bool {
	p, dir = strings.ToLower(p), strings.ToLower(dir)
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, `\`)+`\`)
}

// validUser refuses what Windows takes for no name of a local user.
func validUser(name string) error {
	if strings.TrimRight(name, ". ") != name || name == "" || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`"/\[]:;|=,+*?<>@`, r) }) {
		return fmt.Errorf("%q is no name of a user of Windows; write it without the domain", name)
	}
	return nil
}
