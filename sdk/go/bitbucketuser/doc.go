// Bitbucket Cloud users, their permissions, variables, properties and SSH keys.
package bitbucketuser
