package postgres

import "fmt"

// caseNumber is the number under which people know a case: 2026-000123-7, the year of the opening in China, the case
// of that year, and a check digit over both.
func caseNumber(year, n int) string {
	body := fmt.Sprintf("%04d-%06d", year, n)
	return body + "-" + CheckDigit(body)
}

// CheckDigit is the check digit of the digits in s by ISO/IEC 7064 MOD 11,10 (GB/T 17710). It finds every single wrong
// digit and nearly every pair of neighbours that were swapped. What is not a digit does not count.
func CheckDigit(s string) string {
	p := 10
	for _, r := range s {
		if r < '0' || r > '9' {
			continue
		}
		sum := (p + int(r-'0')) % 10
		if sum == 0 {
			sum = 10
		}
		p = sum * 2 % 11
	}
	return string(rune('0' + (11-p)%10))
}
