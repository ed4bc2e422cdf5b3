output "root_bucket" {
  description = "The root bucket, once its policy stands."
  value       = aws_s3_bucket.root.bucket
  depends_on  = [aws_s3_bucket_policy.root, aws_s3_bucket_server_side_encryption_configuration.root]
}

output "data_bucket" {
  description = "The bucket of Unity Catalog, once its policy stands."
  value       = aws_s3_bucket.data.bucket
  depends_on  = [aws_s3_bucket_policy.data, aws_s3_bucket_server_side_encryption_configuration.data]
}

output "root_bucket_arn" {
  description = "The ARN of the root bucket."
  value       = aws_s3_bucket.root.arn
}

output "data_bucket_arn" {
  description = "The ARN of the bucket of Unity Catalog."
  value       = aws_s3_bucket.data.arn
}
