# What lands on the protected branch has a verdict, whoever pushes. There are no bypass actors: an administrator who needs
# a way around takes this away first, which the organization's audit log has.
resource "github_repository_ruleset" "protected" {
  name        = "clearance"
  repository  = var.repository
  target      = "branch"
  enforcement = "active"

  conditions {
    ref_name {
      include = ["~DEFAULT_BRANCH"]
      exclude = []
    }
  }

  rules {
    deletion         = true
    non_fast_forward = true

    pull_request {
      required_approving_review_count   = 1
      require_code_owner_review         = true
      require_last_push_approval        = true
      dismiss_stale_reviews_on_push     = true
      required_review_thread_resolution = true
    }

    # A status of the right name may be set by whoever may write; only the job of the workflow is asked for.
    required_status_checks {
      strict_required_status_checks_policy = true
      do_not_enforce_on_create             = false

      dynamic "required_check" {
        for_each = var.required_checks

        content {
          context        = required_check.value
          integration_id = local.github_actions
        }
      }
    }

    merge_queue {
      check_response_timeout_minutes    = 60
      grouping_strategy                 = "ALLGREEN"
      max_entries_to_build              = 5
      max_entries_to_merge              = 5
      merge_method                      = "MERGE"
      min_entries_to_merge              = 1
      min_entries_to_merge_wait_minutes = 1
    }
  }
}

locals {
  github_actions = 15368 # the id of GitHub's own app, which reports the jobs of workflows
}
