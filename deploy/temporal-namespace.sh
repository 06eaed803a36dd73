#!/bin/sh
# Waits until Temporal answers, then creates the namespace if it is not there. Safe to run again.
# Reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and TEMPORAL_RETENTION.
set -eu

: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}" "${TEMPORAL_RETENTION:?}"

tries=30
until temporal operator cluster health --address "$TEMPORAL_ADDRESS" >/dev/null 2>&1; do
	tries=$((tries - 1))
	if [ "$tries" -eq 0 ]; then
		echo "temporal-namespace: $TEMPORAL_ADDRESS does not answer; its last word was:" >&2
		temporal operator cluster health --address "$TEMPORAL_ADDRESS" >&2
		exit 1
	fi
	sleep 2
done

if temporal operator namespace describe --address "$TEMPORAL_ADDRESS" --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
	echo "temporal-namespace: $TEMPORAL_NAMESPACE is there"
	exit 0
fi
temporal operator namespace create --address "$TEMPORAL_ADDRESS" --namespace "$TEMPORAL_NAMESPACE" \
	--retention "$TEMPORAL_RETENTION" --description 'Fair competition review cases'
echo "temporal-namespace: created $TEMPORAL_NAMESPACE"
