package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/workflows"
)

// Stores say where the record and the workflows live. Neither address set: on this machine, in the data folder.
type Stores struct {
	DatabaseURL     string `env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL 15 or later, as a URL. ($${env})"`
	TemporalAddress string `env:"TEMPORAL_ADDRESS" placeholder:"HOST:PORT" help:"Temporal's front end. TLS, API key and the rest by Temporal's own TEMPORAL_* variables. ($${env})"`
	Namespace       string `name:"temporal-namespace" env:"TEMPORAL_NAMESPACE" default:"fairreview" help:"Temporal namespace. ($${env})"`
	Data            string `env:"FAIRREVIEW_DATA" default:"${data}" type:"path" help:"Data folder of the local services. ($${env})"`
	Local           string `env:"FAIRREVIEW_LOCAL" placeholder:"FILE" help:"The program that starts the local services; looked for beside this one and on PATH. ($${env})"`
	Pool            int    `env:"FAIRREVIEW_POOL" default:"16" help:"Database connections at most. ($${env})"`
}

// Validate refuses half a configuration.
func (s Stores) Validate() error {
	if (s.DatabaseURL == "") != (s.TemporalAddress == "") {
		return errors.New("set both DATABASE_URL and TEMPORAL_ADDRESS, or neither to run both on this machine")
	}
	if s.Pool < 2 || s.Pool > 1000 {
		return errors.New("--pool must be between 2 and 1000")
	}
	return nil
}

// database says where the record is, without its password, for logs.
func (s Stores) database() string {
	u, err := url.Parse(s.DatabaseURL)
	if err != nil {
		return "database"
	}
	return u.Redacted()
}

// Keys encrypt what crosses Temporal.
type Keys struct {
	CodecKeys     string `env:"FAIRREVIEW_CODEC_KEYS" placeholder:"ID:BASE64,…" help:"AES-256 keys for what crosses Temporal; the first encrypts, all decrypt. Kept in the data folder when the services are local. ($${env})"`
	CodecKeysFile string `env:"FAIRREVIEW_CODEC_KEYS_FILE" placeholder:"FILE" type:"path" help:"The same, from a file. ($${env})"`
}

// load returns the keys: given, from the file, or, for local services, made once and kept in the data folder. The codec
// encrypts what crosses Temporal; from the same keys derive those that second factors are kept with.
func (k Keys) load(local bool, data string) (*workflows.Codec, []postgres.SecretKey, error) {
	text := k.CodecKeys
	switch {
	case text != "":
	case k.CodecKeysFile != "":
		raw, err := os.ReadFile(k.CodecKeysFile)
		if err != nil {
			return nil, nil, fmt.Errorf("read the codec keys: %w", err)
		}
		text = string(raw)
	case local:
		var err error
		if text, err = localKey(filepath.Join(data, "codec.key")); err != nil {
			return nil, nil, err
		}
	default:
		return nil, nil, errors.New("set FAIRREVIEW_CODEC_KEYS or FAIRREVIEW_CODEC_KEYS_FILE: a first key is made by: echo k1:$(head -c 32 /dev/urandom | base64)")
	}
	keys, err := workflows.ParseKeys(strings.TrimSpace(text))
	if err != nil {
		return nil, nil, err
	}
	secrets := make([]postgres.SecretKey, len(keys))
	for i, key := range keys {
		secrets[i] = postgres.SecretKey{ID: key.ID, Secret: key.Secret}
	}
	codec, err := workflows.NewCodec(keys...)
	return codec, secrets, err
}

// Access says how people come in.
type Access struct {
	SessionIdle    time.Duration `env:"FAIRREVIEW_SESSION_IDLE" default:"30m" help:"A session ends after so long without a request. ($${env})"`
	SessionLife    time.Duration `env:"FAIRREVIEW_SESSION_LIFE" default:"12h" help:"A session ends so long after signing in, whatever happens; 24h at most. ($${env})"`
	TrustedProxies []string      `env:"FAIRREVIEW_TRUSTED_PROXIES" placeholder:"CIDR,…" help:"Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; from anybody else these say nothing. ($${env})"`
}

// proxies reads the trusted proxies; an address alone is a network of one.
func (a Access) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range a.TrustedProxies {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			ip, e := netip.ParseAddr(text)
			if e != nil {
				return nil, fmt.Errorf("--trusted-proxies: %q is no network such as 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		if p.Bits() == 0 {
			return nil, errors.New("--trusted-proxies: a network of everybody trusts everybody")
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// check refuses limits that are none.
func (a Access) check() error {
	if a.SessionIdle < time.Minute || a.SessionLife < a.SessionIdle || a.SessionLife > 24*time.Hour {
		return errors.New("--session-idle is a minute or more, --session-life at least as long and at most 24h")
	}
	_, err := a.proxies()
	return err
}

// localKey reads the data folder's key, making it on first use. Losing it makes running cases unreadable: it belongs
// to the backup of the folder.
func localKey(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err == nil {
		return string(raw), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return "", err
	}
	text := "local1:" + base64.StdEncoding.EncodeToString(key)
	temp := file + ".new"
	if err := os.WriteFile(temp, []byte(text+"\n"), 0o600); err != nil {
		return "", err
	}
	return text, os.Rename(temp, file)
}

// defaultData is /var/lib/fairreview for root, because PostgreSQL then runs as another account that must reach it, and
// a folder in the home directory for everybody else.
func defaultData() string {
	if os.Geteuid() == 0 {
		return "/var/lib/fairreview"
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "share", "fairreview")
	}
	return "fairreview-data"
}
