#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A small price list for the recorded cloud, loaded with the commands of
# python-cloudkittyclient. Prices are for an hour, or a GiB in an hour.
#
#   samples/prices.sh [START]      when it begins to be valid
#                                  (default: 2026-11-01)
#
# Who may do that is in the environment, as for every openstack command; the
# file openrc that tools/quickstart.sh writes, for example.
set -euo pipefail

start=${1:-2026-11-01}
hashmap=(openstack rating hashmap)

# Make something; print its id.
make() {
    local what=$1 column=$2
    shift 2
    "${hashmap[@]}" "$what" create -f value -c "$column" "$@"
}

price() {
    make mapping 'Mapping ID' --start "$start" "$@" >/dev/null
}

openstack rating module enable hashmap

service=$(make service 'Service ID' instance)
field=$(make field 'Field ID' "$service" flavor_name)
price --field-id "$field" --value m1.tiny 0.0125
price --field-id "$field" --value m1.small 0.025
price --field-id "$field" --value m1.medium 0.05
price --field-id "$field" --value c1.large 0.2
price --field-id "$field" --value r1.huge 0.4

service=$(make service 'Service ID' volume.size)
field=$(make field 'Field ID' "$service" volume_type)
price --field-id "$field" --value standard 0.0001
price --field-id "$field" --value fast 0.00035
price --field-id "$field" --value archive 0.00002

service=$(make service 'Service ID' ip.floating)
price --service-id "$service" 0.005

"${hashmap[@]}" service list
