# METADATA
# title: What may run where
# description: |
#   The default rules for every call of a function. One document comes out:
#   {"verdict": "execute" | "hold" | "reject", "reasons": [sentences]}. Reject wins over hold, hold over
#   execute. What permits is written positively and negated where it is used, so that a value which is
#   missing or of a wrong type never permits anything. No rule needs a builtin of the host, so a decision
#   is the same wherever the bundle runs.
package sluice.functions

# Functions trusted this much run in production by themselves.
required_trust := 0.8

# METADATA
# entrypoint: true
decision := {"verdict": "reject", "reasons": sort(rejections)} if {
	count(rejections) > 0
} else := {"verdict": "hold", "reasons": sort(holds)} if {
	count(holds) > 0
} else := {"verdict": "execute", "reasons": sort(grounds)}

# --- reject

rejections contains "the policy input is incomplete" if not complete

# In every tier: whoever declared a freeze in staging meant it.
rejections contains sentence(frozen, object.get(freeze, "reason", "")) if {
	not bypassed
	some freeze in input.environment.freezes
	frozen := words([input.environment.name, "is frozen until", freeze.to])
}

# Anything but an approval denies.
rejections contains sentence(denied, object.get(approval, "comment", "")) if {
	some approval in input.approvals
	approval.decision != "approve"
	denied := words([approval.by, "denied it"])
}

# --- hold

holds contains sentence(words([input.environment.name, "needs approval"]), too_low) if {
	unapproved
	trust := two_decimals(input.function.trust_score)
	too_low := words(["trust", trust, "is below", json.marshal(required_trust)])
}

holds contains words(["the approval by", approval.by, "does not count: it is their own run"]) if {
	unapproved
	some approval in input.approvals
}

# --- execute, and why

grounds contains "no environment governs this call" if input.environment == null

grounds contains words([input.environment.name, "is", input.environment.tier, "and needs no approval"]) if {
	input.environment.tier != "production"
}

grounds contains words(["trust", trust, "is enough for", input.environment.name]) if {
	production
	trusted
	trust := two_decimals(input.function.trust_score)
}

grounds contains words(["approved by", approval.by]) if some approval in approvals_that_count

grounds contains words(["emergency bypass of the freeze of", input.environment.name]) if {
	bypassed
	count(input.environment.freezes) > 0
}

# --- what the rules speak of

production if input.environment.tier == "production"

trusted if input.function.trust_score >= required_trust

bypassed if input.caller.emergency_bypass == true

unapproved if {
	production
	not trusted
	count(approvals_that_count) == 0
}

# Nobody approves their own run.
approvals_that_count contains approval if {
	some approval in input.approvals
	approval.decision == "approve"
	approval.by != input.caller.initiator
}

complete if {
	is_number(input.function.trust_score)
	input.function.trust_score >= 0
	input.function.trust_score <= 1
	is_string(input.caller.initiator)
	environment_known
	is_array(input.approvals)
	every approval in input.approvals {
		is_string(approval.by)
		is_string(approval.decision)
	}
}

environment_known if input.environment == null

environment_known if {
	is_string(input.environment.name)
	input.environment.tier in {"production", "staging", "development"}
	is_array(input.environment.freezes)
	every freeze in input.environment.freezes {
		is_string(freeze.to)
	}
}

# --- sentences

words(parts) := concat(" ", parts)

sentence(what, why) := concat(": ", [what, why]) if {
	is_string(why)
	why != ""
} else := what

# Rounded down: what is below the threshold must not read as if it reached it.
two_decimals(x) := concat(".", [format_int(floor(x), 10), hundredths]) if {
	digits := concat("", ["00", format_int(floor(x * 100), 10)])
	hundredths := substring(digits, count(digits) - 2, 2)
}
