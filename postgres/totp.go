package postgres

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 as every authenticator app speaks it: an HMAC, which SHA-1 is still good for
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Time-based one-time codes (RFC 6238): HMAC-SHA1, steps of thirty seconds, six digits.
const (
	codeStep   = 30
	codeDigits = 6
	codeDrift  = 1 // steps that a phone's clock may be off, either way
)

var base32Plain = base32.StdEncoding.WithPadding(base32.NoPadding)

// stepOf is the number of the time step that an instant lies in.
func stepOf(t time.Time) int64 { return t.Unix() / codeStep }

// codeAt is the code of a secret in a step.
func codeAt(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, secret)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f // RFC 4226, 5.3: dynamic truncation
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, n%1_000_000)
}

// matchingStep returns the step, later than last, whose code is the one given; 0 when there is none within the drift.
// All are compared, so that the time says nothing about which one it was.
func matchingStep(secret []byte, code string, now time.Time, last int64) int64 {
	code = strings.Join(strings.Fields(code), "")
	found := int64(0)
	for step := stepOf(now) - codeDrift; step <= stepOf(now)+codeDrift; step++ {
		if subtle.ConstantTimeCompare([]byte(codeAt(secret, step)), []byte(code)) == 1 && step > last && found == 0 {
			found = step
		}
	}
	return found
}

// newCodeSecret is a fresh secret of 160 bits, as long as the hash (RFC 4226, 4).
func newCodeSecret() ([]byte, error) {
	secret := make([]byte, 20)
	_, err := rand.Read(secret)
	return secret, err
}

// Enrolment is what an authenticator app is told. It is shown once, to its owner.
type Enrolment struct {
	URI    string `json:"uri" doc:"otpauth:// address that sets up an authenticator app"`
	Secret string `json:"secret" doc:"The same secret to type in, base32 in groups of four"`
}

func enrolmentOf(login string, secret []byte) Enrolment {
	plain := base32Plain.EncodeToString(secret)
	var groups []string
	for i := 0; i < len(plain); i += 4 {
		groups = append(groups, plain[i:min(i+4, len(plain))])
	}
	label := url.PathEscape("fairreview:" + login)
	return Enrolment{Secret: strings.Join(groups, " "),
		URI: "otpauth://totp/" + label + "?secret=" + plain + "&issuer=fairreview&algorithm=SHA1&digits=6&period=30"}
}

// newRecoveryCode is eighty random bits, written so that it can be copied from paper.
func newRecoveryCode() (string, error) {
	raw := make([]byte, 10)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	s := strings.ToLower(base32Plain.EncodeToString(raw))
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:], nil
}

// recoveryForm is a recovery code as it is hashed, however it was typed; "" when it cannot be one.
func recoveryForm(code string) string {
	code = strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\t", "").Replace(code))
	if raw, err := base32Plain.DecodeString(code); err != nil || len(raw) != 10 {
		return ""
	}
	return code
}
