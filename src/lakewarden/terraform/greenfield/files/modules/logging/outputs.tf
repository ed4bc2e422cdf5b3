output "audit_bucket" {
  description = "The bucket of Databricks' audit logs, once its policy stands."
  value       = aws_s3_bucket.this["audit"].bucket
  depends_on  = [aws_s3_bucket_policy.audit]
}

output "trail_bucket" {
  description = "The bucket of AWS's own logs."
  value       = aws_s3_bucket.this["trail"].bucket
  depends_on  = [aws_s3_bucket_policy.trail]
}

output "trail_bucket_arn" {
  description = "The ARN of that bucket."
  value       = aws_s3_bucket.this["trail"].arn
  depends_on  = [aws_s3_bucket_policy.trail]
}
